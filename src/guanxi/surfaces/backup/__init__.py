"""Backups: made while people work, compared row by row when restored, thrown away by rule."""
