"""The predecessor's loss on these nets, for comparison."""
