//! What only fish has: universal variables, lists, events by name, `exec fish`.

use super::scenario::every_scenario;
use crate::support::Shell;

every_scenario!(Shell::Fish);
