"""What runs: models, endpoint configurations and endpoints as records, and each deployment with its beginning and end."""
