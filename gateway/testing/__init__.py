"""Shipped with the package: simulators, factories and contract suites for plug-in authors and trainings."""
