"""The speed of Guanxi, measured: `./guanxi bench` loads companies of several sizes and prints a table (docs/speed.md)."""
