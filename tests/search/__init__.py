"""Exhaustive search over the real interlock: every state that a bounded, quantised, hostile world can bring it to."""
