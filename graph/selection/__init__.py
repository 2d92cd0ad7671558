"""A small language that names sets of entities, such as `+model:churn+2 and type:DataSet`."""
