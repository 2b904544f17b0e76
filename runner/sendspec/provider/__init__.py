"""The provider's API: paths, request bytes, what each answer means, batches, the list."""
