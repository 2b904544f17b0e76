"""Opening a project's files safely: inside its folder, without links, watched for change."""
