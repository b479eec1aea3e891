from modelwright.data.reading import read as read
from modelwright.data.scanning import scan as scan

__all__ = ["read", "scan"]
