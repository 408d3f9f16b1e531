//! See [`gossip_fuzz::decode`].

#![cfg_attr(fuzzing, no_main)]

gossip_fuzz::target!(gossip_fuzz::decode::run);
