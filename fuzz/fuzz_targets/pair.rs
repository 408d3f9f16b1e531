//! See [`gossip_fuzz::pair`].

#![cfg_attr(fuzzing, no_main)]

gossip_fuzz::target!(gossip_fuzz::pair::run);
