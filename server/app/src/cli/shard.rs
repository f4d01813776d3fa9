//! Value of `--shard`: one share of the images, so that several machines can process one folder.

use std::str::FromStr;

/// Share number `index`, counted from 0, of `count` shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// Returns every `count`-th item, starting with the `index`-th. Each item is in exactly one share, and
    /// the sizes of the shares differ by at most one.
    #[must_use]
    pub fn of<T>(self, items: Vec<T>) -> Vec<T> {
        items.into_iter().skip(self.index).step_by(self.count).collect()
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers =
            parts.and_then(|(index, count)| Some((index.trim().parse().ok()?, count.trim().parse().ok()?)));
        match numbers {
            Some((index, count)) if index < count => Ok(Self { index, count }),
            Some((_, count)) if count > 0 => Err(format!(
                "shares are counted from 0: the last one of {count} is {}/{count}",
                count - 1
            )),
            _ => Err("expected INDEX/COUNT, for example 0/4".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("0/1")]
    #[case("3/4")]
    #[case(" 1 / 2 ")]
    fn index_and_count_are_parsed(#[case] text: &str) {
        assert!(text.parse::<Shard>().is_ok());
    }

    #[rstest]
    #[case("4/4")]
    #[case("0/0")]
    #[case("1")]
    #[case("-1/2")]
    #[case("a/b")]
    fn invalid_shards_are_rejected(#[case] text: &str) {
        assert!(text.parse::<Shard>().is_err());
    }

    proptest! {
        #[test]
        fn shards_partition_the_items(items in 0..200_usize, count in 1..20_usize) {
            let all: Vec<usize> = (0..items).collect();
            let mut covered = Vec::new();
            for index in 0..count {
                let share = Shard { index, count }.of(all.clone());
                prop_assert!(share.len().abs_diff(items / count) <= 1);
                covered.extend(share);
            }
            covered.sort_unstable();
            prop_assert_eq!(covered, all);
        }
    }
}
