//! What an owner wrote, what a replica showed of it, and which promise that breaks.

/// A broken promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Broken {
    /// P1: a deleted key came back, or stays in the end.
    Returned,
    /// P2: a key vanished that its owner did not delete.
    Vanished,
    /// P3: a read went back to an older write.
    WentBack,
    /// P4: some replica does not become equal to the owner.
    Apart,
    /// P5: a sender kept something of what it sent.
    Remembered,
}

/// What happened at the owner, in order; a restart deletes everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Log(Vec<Happened>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Happened {
    Set(usize),
    Deleted(usize),
    Restarted,
}

/// What a replica showed last of a key, by the number of the write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sight {
    #[default]
    Nothing,
    Shown(usize),
    /// Nothing any more, after a deletion that is no older than this one.
    Gone(usize),
}

impl Log {
    pub fn writes(&self) -> usize {
        self.0
            .iter()
            .filter(|what| **what != Happened::Restarted)
            .count()
    }

    pub fn lives(&self) -> usize {
        1 + self.0.len() - self.writes()
    }

    pub fn restart(&mut self) {
        self.0.push(Happened::Restarted);
    }

    /// Notes a write; its number, which is its value too.
    pub fn write(&mut self, key: usize, delete: bool) -> u8 {
        let what = if delete {
            Happened::Deleted(key)
        } else {
            Happened::Set(key)
        };
        self.0.push(what);
        self.0.len() as u8
    }

    /// The oldest deletion of a key after write `number`.
    fn deleted_after(&self, key: usize, number: usize) -> Option<usize> {
        let deletes =
            |what: &Happened| [Happened::Deleted(key), Happened::Restarted].contains(what);
        let found = self.0.iter().skip(number).position(deletes)?;
        Some(number + found + 1)
    }

    /// A replica shows the write `shown` of a key now, or none, and maybe holds its tombstone.
    pub fn look(
        &self,
        key: usize,
        shown: Option<u8>,
        is_deleted: bool,
        sight: &mut Sight,
    ) -> Result<(), Broken> {
        let shown = shown.map(usize::from);
        let before = match *sight {
            Sight::Nothing => 0,
            Sight::Shown(number) | Sight::Gone(number) => number,
        };
        *sight = match (*sight, shown) {
            (Sight::Gone(number), Some(shown)) if shown < number => return Err(Broken::Returned),
            (Sight::Shown(number), Some(shown)) if shown < number => return Err(Broken::WentBack),
            (_, Some(shown)) => Sight::Shown(shown),
            (Sight::Shown(number), None) => {
                Sight::Gone(self.deleted_after(key, number).ok_or(Broken::Vanished)?)
            }
            (Sight::Nothing, None) if is_deleted => {
                self.deleted_after(key, before).map_or(*sight, Sight::Gone)
            }
            (_, None) => *sight,
        };
        Ok(())
    }
}
