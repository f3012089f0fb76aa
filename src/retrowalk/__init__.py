"""Retrowalk walks a person backward on a smart treadmill, and stops the belt when it must."""

__version__ = "0.1.0"
