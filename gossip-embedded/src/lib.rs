//! emb
#![no_std]
