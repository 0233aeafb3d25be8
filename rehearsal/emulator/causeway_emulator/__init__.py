"""Plugins that make LocalEmu behave as AWS does for what Causeway uses: see docs/experiments/emulator.md."""
