"""The part of the screens where a company arranges its program: apart from work, with a menu of its own."""
