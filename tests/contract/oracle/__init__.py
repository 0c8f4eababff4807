"""The rights of Guanxi told a second time, in plain Python that shares nothing with the kernel, and companies to try them on."""
