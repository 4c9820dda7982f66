"""Sequences of events: which item comes next for an entity, such as the next purchase of a household."""
