//! What the guest says on its second serial line: results, one a line, between lines of log.
//!
//! | line | means |
//! |---|---|
//! | `@ready SECONDS` | booted; the cards are bound |
//! | `@begin NAME` | a scenario begins |
//! | `@ask REQUEST` | the scenario waits for this machine to do something, and for a line |
//! | `@ok NAME MILLISECONDS` | it passed |
//! | `@fail NAME REASON` | it did not |
//! | `@end` | all scenarios have run; the guest powers off |

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Ready(String),
    Begin(String),
    Ask(String),
    Ok(String, u64),
    Fail(String, String),
    End,
    Log(String),
}

impl Line {
    /// Reads a line.
    pub fn parse(line: &str) -> Line {
        let line = line.trim_end_matches(['\r', '\n']);
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (name, more) = rest.split_once(' ').unwrap_or((rest, ""));
        match word {
            "@ready" => Line::Ready(rest.into()),
            "@begin" => Line::Begin(rest.into()),
            "@ask" => Line::Ask(rest.into()),
            "@ok" => match more.parse() {
                Ok(ms) => Line::Ok(name.into(), ms),
                Err(_) => Line::Log(line.into()),
            },
            "@fail" => Line::Fail(name.into(), more.into()),
            "@end" => Line::End,
            _ => Line::Log(line.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(Line::parse("@ok copies 120\r\n"), Line::Ok("copies".into(), 120));
        assert_eq!(Line::parse("@fail copies it is gone"), Line::Fail("copies".into(), "it is gone".into()));
        assert_eq!(Line::parse("@ask kill 0"), Line::Ask("kill 0".into()));
        assert_eq!(Line::parse("@end"), Line::End);
        assert_eq!(Line::parse("@ok copies soon"), Line::Log("@ok copies soon".into()));
        assert_eq!(Line::parse("[    1.0] a word"), Line::Log("[    1.0] a word".into()));
    }
}
