"""What falls due in reporting."""

from chassis.timers import Timers
from engines import kit_parts

due = Timers()
kit_parts.join(due)
