use super::*;
use rustix::fd::OwnedFd;
use rustix::fs::{MemfdFlags, SealFlags};

const PAGE: u64 = PAGE_BYTES;

fn memfd(bytes: u64, sealed: bool) -> OwnedFd {
    let fd = rustix::fs::memfd_create("test", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).expect("memfd");
    rustix::fs::ftruncate(&fd, bytes).expect("ftruncate");
    if sealed {
        rustix::fs::fcntl_add_seals(&fd, SealFlags::SHRINK).expect("seal");
    }
    fd
}

fn fault(iova: u64, write: bool, reason: FaultReason) -> DmaFault {
    DmaFault { iova, write, reason }
}

#[test]
fn reads_and_writes_cross_windows_and_fault_at_the_exact_address() {
    for sealed in [true, false] {
        let fd = memfd(4 * PAGE, sealed);
        let mut mmu = Iommu::new(false);
        mmu.map(0x10_0000, PAGE, 3 * PAGE, Access::READ_WRITE, Some(fd.as_fd())).expect("map");
        mmu.map(0x10_0000 + PAGE, PAGE, 0, Access::READ, Some(fd.as_fd())).expect("map");
        let mut one = [0u8; 64];
        rustix::io::pwrite(&fd, &[7u8; 32], 3 * PAGE + PAGE - 32).expect("pwrite");
        rustix::io::pwrite(&fd, &[9u8; 32], 0).expect("pwrite");
        mmu.read(0x10_0000 + PAGE - 32, &mut one).expect("two windows");
        assert_eq!((one[0], one[31], one[32], one[63]), (7, 7, 9, 9));
        assert_eq!(mmu.write(0x10_0000 + PAGE - 32, &one), Err(fault(0x10_0000 + PAGE, true, FaultReason::Permission)));
        assert_eq!(
            mmu.read(0x10_0000 + 2 * PAGE - 32, &mut one),
            Err(fault(0x10_0000 + 2 * PAGE, false, FaultReason::Unmapped))
        );
        assert_eq!(mmu.read(0, &mut one), Err(fault(0, false, FaultReason::Unmapped)));
        assert_eq!(mmu.read(u64::MAX - 31, &mut one), Err(fault(u64::MAX - 31, false, FaultReason::Unmapped)));
        assert_eq!(mmu.mappings(), 2, "one mapping read-only, one writable");
    }
}

#[test]
fn a_file_is_mapped_once_and_let_go_with_its_last_window() {
    let fd = memfd(64 * PAGE, true);
    let mut mmu = Iommu::new(false);
    for i in 0..64 {
        mmu.map(i * 2 * PAGE, PAGE, (63 - i) * PAGE, Access::READ_WRITE, Some(fd.as_fd())).expect("map");
    }
    assert_eq!((mmu.windows(), mmu.mappings()), (64, 1));
    assert_eq!(mmu.unmap(0, 128 * PAGE), Ok(64 * PAGE));
    assert_eq!((mmu.windows(), mmu.mappings()), (0, 0));
    assert_eq!(mmu.unmap(0, PAGE), Ok(0));
}

#[test]
fn windows_that_cannot_be_are_refused_with_the_kernels_errnos() {
    let fd = memfd(4 * PAGE, true);
    let file = || Some(fd.as_fd());
    let rw = Access::READ_WRITE;
    let mut mmu = Iommu::new(false);
    mmu.map(4 * PAGE, 2 * PAGE, 0, rw, file()).expect("map");
    let errno = |r: Result<(), IommuError>| r.expect_err("refused").errno();
    assert_eq!(errno(mmu.map(5 * PAGE, PAGE, 0, rw, file())), Errno::EXIST);
    assert_eq!(errno(mmu.map(3 * PAGE, 4 * PAGE, 0, rw, file())), Errno::EXIST);
    assert_eq!(errno(mmu.map(0, 0, 0, rw, file())), Errno::INVAL);
    assert_eq!(errno(mmu.map(1, PAGE, 0, rw, file())), Errno::INVAL);
    assert_eq!(errno(mmu.map(0, PAGE + 1, 0, rw, file())), Errno::INVAL);
    assert_eq!(errno(mmu.map(0, PAGE, 32, rw, file())), Errno::INVAL);
    assert_eq!(errno(mmu.map(0, 2 * PAGE, 3 * PAGE, rw, file())), Errno::INVAL);
    assert_eq!(errno(mmu.map(0u64.wrapping_sub(PAGE), 2 * PAGE, 0, rw, file())), Errno::OVERFLOW);
    assert_eq!(errno(mmu.map(0, PAGE, 0u64.wrapping_sub(PAGE), rw, file())), Errno::OVERFLOW);
    assert_eq!(errno(mmu.map(0, PAGE, 0, Access { read: false, write: false }, file())), Errno::INVAL);
    assert_eq!(mmu.unmap(4 * PAGE, PAGE).expect_err("cut").errno(), Errno::INVAL);
    assert_eq!(mmu.unmap(5 * PAGE, PAGE).expect_err("cut").errno(), Errno::INVAL);
    assert_eq!(mmu.unmap(3 * PAGE, 2 * PAGE).expect_err("cut").errno(), Errno::INVAL);
    assert_eq!(mmu.unmap(0u64.wrapping_sub(PAGE), 2 * PAGE).expect_err("wraps").errno(), Errno::OVERFLOW);
    assert_eq!(mmu.windows(), 1);
    // The last page of the address space is a window like any other.
    mmu.map(0u64.wrapping_sub(PAGE), PAGE, 0, rw, file()).expect("last page");
    mmu.write(0u64.wrapping_sub(32), &[1; 32]).expect("last word");
    assert_eq!(mmu.unmap(0u64.wrapping_sub(PAGE), PAGE), Ok(PAGE));
}

#[test]
fn a_read_only_file_gives_no_writable_window() {
    let dir = tempfile::tempdir().expect("tempdir");
    let path = dir.path().join("ro");
    std::fs::write(&path, vec![3u8; PAGE as usize]).expect("write");
    let file = std::fs::File::open(&path).expect("open");
    let mut mmu = Iommu::new(true);
    assert_eq!(
        mmu.map(0, PAGE, 0, Access::READ_WRITE, Some(file.as_fd())).expect_err("read-only").errno(),
        Errno::ACCESS
    );
    mmu.map(0, PAGE, 0, Access::READ, Some(file.as_fd())).expect("readable");
    let mut word = [0; 32];
    mmu.read(0, &mut word).expect("read");
    assert_eq!(word, [3; 32]);
}

#[test]
fn a_file_that_shrinks_faults_instead_of_killing_the_process() {
    let fd = memfd(4 * PAGE, false);
    let mut mmu = Iommu::new(false);
    mmu.map(0, 4 * PAGE, 0, Access::READ_WRITE, Some(fd.as_fd())).expect("map");
    mmu.write(2 * PAGE, &[5; 32]).expect("still there");
    rustix::fs::ftruncate(&fd, PAGE).expect("shrink");
    let mut word = [0; 32];
    mmu.read(0, &mut word).expect("first page is left");
    assert!(matches!(mmu.read(2 * PAGE, &mut word), Err(DmaFault { reason: FaultReason::File(_), .. })));
    assert!(matches!(mmu.write(2 * PAGE, &word), Err(DmaFault { reason: FaultReason::File(_), .. })));
}

#[test]
fn a_window_without_a_file_faults() {
    let mut mmu = Iommu::new(false);
    mmu.map(0, PAGE, 0, Access::READ_WRITE, None).expect("map");
    assert_eq!(mmu.read(64, &mut [0; 4]), Err(fault(64, false, FaultReason::NoFile)));
}

#[test]
fn a_file_that_grows_again_and_again_cannot_use_up_the_processs_mappings() {
    let mut mmu = Iommu::new(true);
    mmu.set_limits(Limits { mappings: 4, ..Limits::default() });
    let file = memfd(4096, true);
    for page in 0..4 {
        rustix::fs::ftruncate(&file, (page + 1) << 12).expect("grow");
        mmu.map(page << 20, 4096, page << 12, Access::READ_WRITE, Some(file.as_fd())).expect("map");
    }
    assert_eq!(mmu.mappings(), 4, "each window's file was shorter than the next");
    rustix::fs::ftruncate(&file, 5 << 12).expect("grow");
    let refused = mmu.map(4 << 20, 4096, 4 << 12, Access::READ_WRITE, Some(file.as_fd()));
    assert_eq!(refused, Err(IommuError::TooMany { what: "mappings of files", limit: 4 }));
    mmu.unmap(0, 4096).expect("unmap");
    mmu.map(4 << 20, 4096, 4 << 12, Access::READ_WRITE, Some(file.as_fd())).expect("there is room again");
}

#[test]
fn sparse_files_cannot_use_up_the_processs_address_space() {
    let mut mmu = Iommu::new(true);
    let files: Vec<_> = (0..3).map(|_| memfd(MAX_MAPPED_BYTES / 2, true)).collect();
    for (file, iova) in files.iter().zip([0, 1 << 20]) {
        mmu.map(iova, 4096, 0, Access::READ, Some(file.as_fd())).expect("map");
    }
    let refused = mmu.map(2 << 20, 4096, 0, Access::READ, Some(files[2].as_fd())).expect_err("full");
    assert!(matches!(refused, IommuError::TooMuch { .. }), "{refused}");
    assert_eq!(refused.errno(), Errno::NOSPC);
    mmu.unmap(0, 4096).expect("unmap");
    mmu.map(2 << 20, 4096, 0, Access::READ, Some(files[2].as_fd())).expect("there is room again");
}
