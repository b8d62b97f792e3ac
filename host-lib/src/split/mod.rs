//! Tasks larger than a card takes, cut into tasks that it takes.
