//! Delta debugging: the smallest part of a list that still does it.

/// A part of `items` that `fails` and from which no single item can be taken away without that it
/// stops to fail: the algorithm *ddmin* of Zeller and Hildebrandt, "Simplifying and isolating
/// failure-inducing input" (2002), section 3.2. All of `items` must fail. With n items it asks at
/// most n^2 + 3n times, and 2 log2 n times if one item is to blame.
pub(super) fn ddmin<T: Clone>(mut items: Vec<T>, mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    if fails(&[]) {
        return Vec::new();
    }
    let mut parts = 2;
    while items.len() >= 2 {
        let subset = chunks(&items, parts)
            .find(|chunk| fails(chunk))
            .map(<[T]>::to_vec);
        if let Some(subset) = subset {
            items = subset;
            parts = 2;
            continue;
        }
        let rest = complements(&items, parts).find(|rest| fails(rest));
        if let Some(rest) = rest {
            items = rest;
            parts = (parts - 1).max(2);
        } else if parts < items.len() {
            parts = (2 * parts).min(items.len());
        } else {
            break;
        }
    }
    items
}

/// `items` cut into `parts` of nearly equal length.
fn chunks<T>(items: &[T], parts: usize) -> impl Iterator<Item = &[T]> {
    (0..parts).map(move |part| &items[cut(items, parts, part)..cut(items, parts, part + 1)])
}

/// `items` without each of its chunks. Of two parts they are the chunks again.
fn complements<T: Clone>(items: &[T], parts: usize) -> impl Iterator<Item = Vec<T>> {
    let parts_left_out = if parts > 2 { parts } else { 0 };
    (0..parts_left_out).map(move |part| {
        let (start, end) = (cut(items, parts, part), cut(items, parts, part + 1));
        [&items[..start], &items[end..]].concat()
    })
}

fn cut<T>(items: &[T], parts: usize, part: usize) -> usize {
    items.len() * part / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of 0 .. 64 if it takes all of `needed` to fail, and how often was asked.
    fn minimum(needed: &[u32]) -> (Vec<u32>, u32) {
        let mut asked = 0;
        let items: Vec<u32> = (0..64).collect();
        let left = ddmin(items, |part| {
            asked += 1;
            needed.iter().all(|item| part.contains(item))
        });
        (left, asked)
    }

    #[test]
    fn just_what_is_needed_is_left() {
        for needed in [&[][..], &[17], &[0, 63], &[3, 4, 5], &[1, 20, 33, 60]] {
            assert_eq!(minimum(needed).0, needed);
        }
    }

    #[test]
    fn one_culprit_is_found_by_halving() {
        let (_, asked) = minimum(&[40]);
        assert!(asked <= 1 + 2 * 6, "{asked}");
    }

    #[test]
    fn no_single_item_can_be_taken_from_what_is_left() {
        // Any three of a kind.
        let fails = |part: &[u32]| {
            (0..4).any(|kind| part.iter().filter(|item| **item % 4 == kind).count() >= 3)
        };
        let left = ddmin((0..40).collect(), fails);
        assert_eq!(left.len(), 3, "{left:?}");
    }
}
