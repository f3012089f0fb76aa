"""Mutation of the interlock: each small fault that can be planted in it must make a test fail. See docs/mutation.md."""
