"""The domain of an online shop, pure: no engine, no cloud, the standard library only."""
