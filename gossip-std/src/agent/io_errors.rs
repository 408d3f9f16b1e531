//! Errors of the socket and the state's file by class, counted.

use std::io::{self, ErrorKind};

/// Declares the classes, so that each name and meaning stands once.
macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident $class:ident,)*) => {
        /// Errors that an agent survived. A datagram that could not be sent is dropped:
        /// gossip repairs it.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub struct IoErrors {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl IoErrors {
            /// The counters with their names, for display.
            pub fn counters(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)*].into_iter()
            }

            pub(super) fn count(&mut self, class: IoClass) {
                let counter = match class {
                    $(IoClass::$class => &mut self.$name,)*
                };
                *counter += 1;
            }
        }

        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum IoClass {
            $($class,)*
        }
    };
}

classes! {
    /// A peer's machine said that nobody listens there (ICMP port unreachable).
    refused Refused,
    /// No way there: host, network or address family.
    unreachable Unreachable,
    /// The socket's send buffer was full.
    would_block WouldBlock,
    /// The system was out of buffers.
    no_buffers NoBuffers,
    /// A datagram was larger than the path or the socket takes.
    too_large TooLarge,
    /// A signal came in between.
    interrupted Interrupted,
    /// The system does not permit to send there: a firewall's rule, usually.
    denied Denied,
    /// The state could not be written to its file; it is tried again.
    unsaved Unsaved,
    /// Anything else.
    other Other,
}

impl IoErrors {
    /// All errors together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counters().map(|(_, count)| count).sum()
    }
}

impl IoClass {
    pub(super) fn of(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => Self::Refused,
            ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable => Self::Unreachable,
            ErrorKind::WouldBlock => Self::WouldBlock,
            ErrorKind::OutOfMemory => Self::NoBuffers,
            ErrorKind::Interrupted => Self::Interrupted,
            ErrorKind::PermissionDenied => Self::Denied,
            _ => Self::of_code(error.raw_os_error()),
        }
    }

    /// What `ErrorKind` has no word for.
    fn of_code(code: Option<i32>) -> Self {
        match code {
            Some(codes::NO_BUFFERS) => Self::NoBuffers,
            Some(codes::TOO_LARGE) => Self::TooLarge,
            Some(codes::OTHER_FAMILY) => Self::Unreachable,
            _ => Self::Other,
        }
    }

    /// `true` if the error concerns one datagram and says nothing of the next.
    pub(super) fn is_passing(self) -> bool {
        !matches!(self, Self::NoBuffers | Self::Denied | Self::Other)
    }
}

#[cfg(unix)]
mod codes {
    pub(super) const NO_BUFFERS: i32 = libc::ENOBUFS;
    pub(super) const TOO_LARGE: i32 = libc::EMSGSIZE;
    pub(super) const OTHER_FAMILY: i32 = libc::EAFNOSUPPORT;
}

/// Winsock's numbers (`WSAENOBUFS` and so on); elsewhere they mean nothing and do no harm.
#[cfg(not(unix))]
mod codes {
    pub(super) const NO_BUFFERS: i32 = 10_055;
    pub(super) const TOO_LARGE: i32 = 10_040;
    pub(super) const OTHER_FAMILY: i32 = 10_047;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn errors_of_the_system_have_their_class() {
        for (code, class) in [
            (libc::ECONNREFUSED, IoClass::Refused),
            (libc::EHOSTUNREACH, IoClass::Unreachable),
            (libc::ENETUNREACH, IoClass::Unreachable),
            (libc::EAFNOSUPPORT, IoClass::Unreachable),
            (libc::EAGAIN, IoClass::WouldBlock),
            (libc::ENOBUFS, IoClass::NoBuffers),
            (libc::ENOMEM, IoClass::NoBuffers),
            (libc::EMSGSIZE, IoClass::TooLarge),
            (libc::EINTR, IoClass::Interrupted),
            (libc::EPERM, IoClass::Denied),
            (libc::EIO, IoClass::Other),
        ] {
            assert_eq!(
                IoClass::of(&io::Error::from_raw_os_error(code)),
                class,
                "code {code}"
            );
        }
    }

    #[test]
    fn each_class_has_its_counter() {
        let mut errors = IoErrors::default();
        errors.count(IoClass::Refused);
        errors.count(IoClass::Other);
        errors.count(IoClass::Other);
        assert_eq!((errors.refused, errors.other, errors.total()), (1, 2, 3));
        assert_eq!(errors.counters().filter(|(_, count)| *count > 0).count(), 2);
    }
}
