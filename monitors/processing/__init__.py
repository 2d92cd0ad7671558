"""What processing jobs compute whose images are ours: read from S3, computed in a process of its own, written to S3."""
