"""销售: leads, pipelines and opportunities."""
