"""What falls due in reporting."""

from chassis.timers import Timers

due = Timers()
