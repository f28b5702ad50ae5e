"""The data audit: what can be learned from logs at all, each number against chance."""

from world_model.audit.audit import Audit, audit
from world_model.audit.config import AuditConfig
from world_model.audit.findings import Family, Finding
from world_model.audit.verdict import verdict, verdict_of

__all__ = ["Audit", "AuditConfig", "Family", "Finding", "audit", "verdict", "verdict_of"]
