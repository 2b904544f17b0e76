"""Figures of planning and sending, measured beside what one would use instead. Nothing here is part of the suite."""
