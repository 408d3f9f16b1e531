//! See [`gossip_fuzz::node`].

#![cfg_attr(fuzzing, no_main)]

gossip_fuzz::target!(gossip_fuzz::node::run);
