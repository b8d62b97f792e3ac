//! Users by name or number.

use super::files::text;
use super::{Host, HostError};

/// The uid of a user given by name or number.
pub(super) fn uid(host: &Host, user: &str) -> Result<u32, HostError> {
    // u32::MAX means "do not change" to chown.
    if let Some(uid) = user.parse::<u32>().ok().filter(|uid| *uid != u32::MAX) {
        return Ok(uid);
    }
    let known = text(&host.etc("passwd")).and_then(|passwd| {
        let mut fields = passwd.lines().map(|line| line.split(':'));
        fields.find_map(|mut f| (f.next() == Some(user)).then(|| f.nth(1)?.parse().ok()).flatten())
    });
    known.or_else(|| host.system.look_up_user(user)).ok_or_else(|| HostError::NoUser { user: user.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::super::testing::Tree;
    use super::*;

    #[test]
    fn users_by_name_and_number() {
        let tree = Tree::new();
        tree.write(
            "etc/passwd",
            b"root:x:0:0::/root:/bin/sh\nminer:x:1007:100::/:/bin/sh\n\xff:x:\nbad:x:no:1\nshort\n",
        );
        let host = tree.host();
        assert_eq!(uid(&host, "miner").unwrap(), 1007);
        assert_eq!(uid(&host, "1000").unwrap(), 1000);
        assert_eq!(uid(&host, "root").unwrap(), 0);
        assert_eq!(uid(&host, "directory-user").unwrap(), 70_000, "from the system's other directories");
        for user in ["nobody-here", "", "-1", "4294967295", "bad", "short", "1000x"] {
            let error = uid(&host, user).unwrap_err().to_string();
            assert!(error.contains(&format!("{user:?}")), "{error}");
        }
    }
}
