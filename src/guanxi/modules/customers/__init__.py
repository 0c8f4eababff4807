"""客户: companies, people and groups, and the people to talk to there."""
