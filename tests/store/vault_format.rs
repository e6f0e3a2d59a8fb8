//! The bytes of the vault: where each lies, and what headers are refused before any work is done.

use std::time::{Duration, Instant};

use llmenv::secret::Secret;
use llmenv::store::StoreError;
use llmenv::store::vault_format::{
    Cost, HEADER_BYTES, Header, Kdf, Key, MAGIC, MAX_LANES, MAX_MEMORY_KIB, MAX_PASSES, TAG_BYTES, decode_identity,
    open, seal,
};

const CHEAP: Cost = Cost { memory_kib: 0x0102, passes: 3, lanes: 2 };

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[test]
fn every_byte_lies_where_the_description_says() {
    let header = Header { kdf: Kdf::Passphrase { cost: CHEAP, salt: [0xaa; 16] }, nonce: [0xbb; 24] };
    let mut expected = Vec::new();
    expected.extend_from_slice(b"\x89LLMENV\n");
    expected.extend_from_slice(&[1, 1, 0, 0]);
    expected.extend_from_slice(&[2, 1, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0]);
    expected.extend_from_slice(&[0xaa; 16]);
    expected.extend_from_slice(&[0xbb; 24]);
    assert_eq!(header.encode().as_slice(), expected);
    let file = [expected, vec![0; TAG_BYTES]].concat();
    assert_eq!(Header::decode(&file).unwrap(), header);

    let header = Header { kdf: Kdf::Identity, nonce: [0xbb; 24] };
    let expected = [MAGIC.as_slice(), &[1, 2], &[0; 30], &[0xbb; 24]].concat();
    assert_eq!(header.encode().as_slice(), expected);
}

#[test]
fn seals_and_opens() {
    let key = Key::new([9; 32]);
    for body in [b"".as_slice(), b"{}", &vec![7; 100_000]] {
        let file = seal(Kdf::Identity, &key, body).unwrap();
        assert_eq!(file.len(), HEADER_BYTES + body.len() + TAG_BYTES);
        assert_eq!(open(&file, &key).unwrap().unwrap().as_slice(), body);
        assert!(open(&file, &Key::new([8; 32])).unwrap().is_none());
        assert_ne!(file, seal(Kdf::Identity, &key, body).unwrap(), "two writes share a nonce");
    }
}

#[test]
fn argon2id_gives_what_the_reference_gives() {
    // Computed with the reference implementation through Python's `cryptography`, version 48.0.0.
    let kdf = Kdf::Passphrase { cost: Cost { memory_kib: 64, passes: 2, lanes: 1 }, salt: *b"0123456789abcdef" };
    let key = kdf.derive(&Secret::new("passphrase")).unwrap();
    assert_eq!(hex(&*key), "0500b2323780622c1b81ce19b31f8969ad7600db2c656ba867a32f8a64a57ba8");
}

#[test]
fn absurd_costs_are_refused_at_once() {
    let before = Instant::now();
    let good = seal(Kdf::Passphrase { cost: CHEAP, salt: [1; 16] }, &Key::new([9; 32]), b"{}").unwrap();
    Header::decode(&good).unwrap();
    let costs = [
        (12, u32::MAX),
        (12, MAX_MEMORY_KIB + 1),
        (12, 15),
        (12, 0),
        (16, u32::MAX),
        (16, MAX_PASSES + 1),
        (16, 0),
        (20, u32::MAX),
        (20, MAX_LANES + 1),
        (20, 0),
    ];
    for (at, number) in costs {
        let mut bad = good.clone();
        bad[at..at + 4].copy_from_slice(&number.to_le_bytes());
        assert!(matches!(Header::decode(&bad), Err(StoreError::Broken { .. })), "{number} at {at} was accepted");
    }
    let absurd = Kdf::Passphrase { cost: Cost { memory_kib: u32::MAX, passes: 1, lanes: 1 }, salt: [1; 16] };
    assert!(absurd.derive(&Secret::new("x")).is_err());
    assert!(before.elapsed() < Duration::from_secs(20));
}

#[test]
fn identity_files_hold_32_bytes_or_64_digits() {
    let bytes: Vec<u8> = (0..32).collect();
    let hex = hex(&bytes).to_uppercase();
    for content in [bytes.clone(), hex.clone().into(), format!("{hex}\n").into(), format!("{hex}\r\n").into()] {
        assert_eq!(decode_identity(&content).unwrap().as_slice(), bytes);
    }
    for content in [vec![], vec![0; 31], vec![0; 33], vec![b'0'; 65], vec![b'g'; 64], format!(" {hex}").into()] {
        assert!(decode_identity(&content).is_none());
    }
}

#[test]
fn arbitrary_bytes_never_panic() {
    let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..2000_usize {
        let mut file: Vec<u8> = (0..round % 200)
            .map(|_| {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                noise.to_le_bytes()[3]
            })
            .collect();
        if round % 2 == 0 && file.len() > 9 {
            file[..8].copy_from_slice(&MAGIC);
            file[8] = 1;
        }
        assert!(!matches!(open(&file, &Key::new([0; 32])), Ok(Some(_))));
    }
}
