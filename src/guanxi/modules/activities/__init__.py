"""跟进与任务: what happened with a customer, and what is to be done."""
