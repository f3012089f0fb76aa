"""What is known of treadmills: hearsay about makes, records of machines that were commissioned, and which counts."""

from retrowalk.machines.facts import Facts
from retrowalk.machines.knowledge import CAREFUL_DEFAULT, Knowledge, Known
from retrowalk.machines.library import BadFile, Machines, load_machines, shipped_machines
from retrowalk.machines.profile import About, Profile
from retrowalk.machines.record import Figures, Record, record_path

__all__ = [
    "CAREFUL_DEFAULT",
    "About",
    "BadFile",
    "Facts",
    "Figures",
    "Knowledge",
    "Known",
    "Machines",
    "Profile",
    "Record",
    "load_machines",
    "record_path",
    "shipped_machines",
]
