//! Hosts on a shared medium: each has a radio with room for one frame, and waits for its turn.

use super::shard::Shard;
use crate::sim::host::{Host, Outgoing, To};
use crate::sim::index::Index;
use crate::sim::network::{Cause, Damage, Medium, Network, Reception};
use crate::sim::queue::{Class, Event, Order};
use crate::sim::time::{Span, Time};

/// What a host's radio is doing. Its frame is the payload of its next event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Radio {
    /// Where the frame goes, if there is one.
    frame: Option<To>,
    /// How often in a row the channel was busy.
    attempt: u32,
}

impl Radio {
    pub(super) fn is_busy(&self) -> bool {
        self.frame.is_some()
    }
}

/// The channel, and what it remembers.
#[derive(Debug)]
pub(super) struct Air {
    pub medium: Medium,
    heard: Vec<(Index, Reception)>,
}

impl Air {
    pub(super) fn new(medium: Medium) -> Self {
        Self {
            medium,
            heard: Vec::new(),
        }
    }
}

impl<H: Host> Shard<H> {
    /// Gives the radio a frame, to be sent as soon as the channel allows.
    pub(super) fn load(&mut self, host: Index, time: Time, out: Outgoing, bytes: &[u8]) {
        let payload = self.datagrams.put(bytes);
        let local = self.local(host);
        self.slots[local].radio = Radio {
            frame: Some(out.to),
            attempt: 0,
        };
        self.back_off(host, time, payload);
    }

    /// Works on what a radio does; `false` for any other event.
    pub(super) fn radio_step(&mut self, event: Event, network: &Network) -> bool {
        match event.order.class {
            Class::Sense => self.sense(event, network),
            Class::OnAir => self.go_on_air(event, network),
            Class::OffAir => self.go_off_air(event, network),
            _ => return false,
        }
        true
    }

    fn back_off(&mut self, host: Index, time: Time, payload: u32) {
        let local = self.local(host);
        let slot = &mut self.slots[local];
        let attempt = slot.radio.attempt;
        let wait = self
            .air
            .as_ref()
            .and_then(|air| air.medium.backoff(attempt, &mut slot.network));
        match wait {
            Some(wait) => self.push_event(host, time + wait, Class::Sense, payload),
            None => self.give_up(host, time, payload, Cause::Busy),
        }
    }

    /// The frame is not sent, and the radio is free.
    fn give_up(&mut self, host: Index, time: Time, payload: u32, cause: Cause) {
        let local = self.local(host);
        self.datagrams.release(payload);
        let to = match self.slots[local].radio.frame.take() {
            Some(To::One(to)) => to,
            Some(To::Everyone) | None => host,
        };
        self.lose(host, time, to, cause);
    }

    /// Listens whether the channel is free.
    fn sense(&mut self, event: Event, network: &Network) {
        let Order { time, host, .. } = event.order;
        let local = self.local(host);
        let Some(air) = self.air.as_ref() else {
            return;
        };
        if self.slots[local].host.is_none() {
            return self.give_up(host, time, event.payload, Cause::NoRoute);
        }
        if air.medium.is_clear(host, time) {
            let at = time + air.medium.turnaround();
            return self.push_event(host, at, Class::OnAir, event.payload);
        }
        self.slots[local].radio.attempt += 1;
        self.back_off(host, time, event.payload);
        self.settle(host, time, network);
    }

    fn go_on_air(&mut self, event: Event, network: &Network) {
        let Order { time, host, .. } = event.order;
        let len = self.datagrams.get_mut(event.payload).len();
        let local = self.local(host);
        if self.slots[local].host.is_none() {
            return self.give_up(host, time, event.payload, Cause::NoRoute);
        }
        let Some(air) = self.air.as_mut() else {
            return;
        };
        match air.medium.begin(network, host, time, len) {
            Ok(end) => self.push_event(host, end, Class::OffAir, event.payload),
            Err(_) => {
                self.give_up(host, time, event.payload, Cause::TooLarge);
                self.settle(host, time, network);
            }
        }
    }

    /// The frame is over: those in range have received it or not.
    fn go_off_air(&mut self, event: Event, network: &Network) {
        let Order { time, host, .. } = event.order;
        let local = self.local(host);
        let Some(air) = self.air.as_mut() else {
            return;
        };
        let mut heard = std::mem::take(&mut air.heard);
        let chance = &mut self.slots[local].network;
        air.medium
            .end(network, &mut self.links, chance, host, &mut heard);
        // Of a host that went down meanwhile nobody got the end of the frame.
        let frame = self.slots[local].radio.frame.take();
        let frame = frame.filter(|_| self.slots[local].host.is_some());
        self.hand_out(&event, frame, &heard);
        self.datagrams.release(event.payload);
        if let Some(air) = self.air.as_mut() {
            air.heard = heard;
        }
        self.settle(host, time, network);
    }

    /// Gives the frame to those that it was meant for.
    fn hand_out(&mut self, event: &Event, frame: Option<To>, heard: &[(Index, Reception)]) {
        let Order { time, host, .. } = event.order;
        let mut bytes = std::mem::take(&mut self.frame);
        bytes.clear();
        bytes.extend_from_slice(self.datagrams.get_mut(event.payload));
        let is_for = |other: Index| match frame {
            Some(To::One(to)) => to == other,
            Some(To::Everyone) => true,
            None => false,
        };
        let mut reached = false;
        for &(other, reception) in heard.iter().filter(|(other, _)| is_for(*other)) {
            reached = true;
            match received(reception) {
                // Light needs no time, but causes come before effects.
                Ok(damage) => {
                    self.arrive(host, other, time + Span::from_micros(1), &bytes, damage);
                }
                Err(cause) => self.lose(host, time, other, cause),
            }
        }
        self.frame = bytes;
        if let (Some(To::One(to)), false) = (frame, reached) {
            self.lose(host, time, to, Cause::NoRoute);
        }
    }
}

/// What is wrong with a frame that came through, or why it did not.
fn received(reception: Reception) -> Result<Option<Damage>, Cause> {
    match reception {
        Reception::Clean => Ok(None),
        Reception::Damaged(damage) => Ok(Some(damage)),
        Reception::Collided => Err(Cause::Collision),
        Reception::Deaf => Err(Cause::Deaf),
        Reception::Lost => Err(Cause::Random),
    }
}
