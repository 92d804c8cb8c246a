"""The writer's side of the transparency log: group commit, tiles, checkpoints and receipts."""
