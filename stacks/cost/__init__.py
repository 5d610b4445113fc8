"""What a stage costs: the resources of its templates, a table of prices, and what is assumed of their use."""
