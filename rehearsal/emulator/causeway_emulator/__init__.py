"""Plugins that make LocalEmu behave as AWS does for what Causeway uses. Each point is listed in docs/experiments/emulator.md."""
