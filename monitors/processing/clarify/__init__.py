"""What SageMaker Clarify's `analysis_config.json` asks: bias of data and predictions, and what predictions rest on."""
