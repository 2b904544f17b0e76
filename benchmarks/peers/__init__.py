"""HTTP clients that post the bodies which sendspec would post, and do nothing else."""
