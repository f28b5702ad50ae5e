"""The data audit: what can be learned from logs at all, each number against chance."""

from world_model.card.audit.auditing import Audit, audit
from world_model.card.audit.config import AuditConfig
from world_model.card.audit.findings import Family, Finding
from world_model.card.audit.sentence import verdict, verdict_of

__all__ = ["Audit", "AuditConfig", "Family", "Finding", "audit", "verdict", "verdict_of"]
