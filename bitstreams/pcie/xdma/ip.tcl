# IPs that the UltraScale+ cards share: PCIe bridge, and the way from its 256 bits to AXI4-Lite.
# Names of ports: xdma/card_bridge.v. Not run here: Vivado is not here.

proc make_ip {name ip config} {
    create_ip -vendor xilinx.com -library ip -name $ip -module_name $name
    set_property -dict $config [get_ips $name]
    generate_target all [get_ips $name]
    synth_ip [get_ips $name]
}

# `block` is the PCIe hard block, `quad` the transceivers of lanes 3 to 0.
proc make_bridge {block quad} {
    make_ip pcie_bridge xdma [list \
        CONFIG.functional_mode AXI_Bridge \
        CONFIG.mode_selection Advanced \
        CONFIG.device_port_type PCI_Express_Endpoint_device \
        CONFIG.pcie_blk_locn $block \
        CONFIG.en_gt_selection true \
        CONFIG.select_quad $quad \
        CONFIG.pl_link_cap_max_link_width X8 \
        CONFIG.pl_link_cap_max_link_speed 8.0_GT/s \
        CONFIG.ref_clk_freq 100_MHz \
        CONFIG.axi_addr_width 64 \
        CONFIG.axi_data_width 256_bit \
        CONFIG.axisten_freq 250 \
        CONFIG.en_axi_slave_if true \
        CONFIG.pf0_base_class_menu Processing_accelerators \
        CONFIG.pf0_class_code_base 12 \
        CONFIG.pf0_class_code_sub 00 \
        CONFIG.pf0_class_code_interface 00 \
        CONFIG.vendor_id 1209 \
        CONFIG.pf0_device_id 6775 \
        CONFIG.pf0_subsystem_vendor_id 1209 \
        CONFIG.pf0_subsystem_id 6775 \
        CONFIG.pf0_bar0_enabled true \
        CONFIG.pf0_bar0_64bit true \
        CONFIG.pf0_bar0_scale Kilobytes \
        CONFIG.pf0_bar0_size 128 \
        CONFIG.pciebar2axibar_0 0x0000000000000000 \
        CONFIG.pf0_msi_enabled false \
        CONFIG.pf0_msix_enabled true \
        CONFIG.pf0_msix_cap_table_size 000 \
        CONFIG.pf0_msix_cap_table_bir BAR_1:0 \
        CONFIG.pf0_msix_cap_table_offset 00010000 \
        CONFIG.pf0_msix_cap_pba_bir BAR_1:0 \
        CONFIG.pf0_msix_cap_pba_offset 00010FE0 \
        CONFIG.xdma_num_usr_irq 1 \
        CONFIG.axibar_num 1 \
        CONFIG.axibar_0 0x0000000000000000 \
        CONFIG.axibar_highaddr_0 0x0000FFFFFFFFFFFF \
        CONFIG.axibar2pciebar_0 0x0000000000000000 \
        CONFIG.c_m_axi_num_read 8 \
        CONFIG.c_m_axi_num_write 8 \
        CONFIG.c_s_axi_supports_narrow_burst false]
    make_ip register_width axi_dwidth_converter [list \
        CONFIG.ADDR_WIDTH 64 CONFIG.SI_ID_WIDTH 4 CONFIG.SI_DATA_WIDTH 256 CONFIG.MI_DATA_WIDTH 32]
    make_ip register_protocol axi_protocol_converter [list \
        CONFIG.SI_PROTOCOL AXI4 CONFIG.MI_PROTOCOL AXI4LITE CONFIG.TRANSLATION_MODE 2 \
        CONFIG.ADDR_WIDTH 64 CONFIG.DATA_WIDTH 32 CONFIG.ID_WIDTH 0]
}

# From the card's Verilog and a board's top to a bitstream and an image for the flash.
proc build {board card out} {
    read_verilog $card
    read_verilog [file join $::shared card_bridge.v]
    read_verilog [file join $::folder top.v]
    read_xdc [file join $::folder top.xdc]
    # The bucket memory asks for UltraRAM only where it is told that there is any.
    synth_design -top top -part [get_property PART [current_project]] -flatten_hierarchy rebuilt -verilog_define ULTRARAM=1
    report_utilization -hierarchical -file $out/utilization_synth.txt
    opt_design
    place_design -directive ExtraTimingOpt
    phys_opt_design
    route_design
    phys_opt_design
    report_timing_summary -file $out/timing.txt
    report_utilization -hierarchical -file $out/utilization.txt
    report_drc -file $out/drc.txt
    # A design that misses its clock is no image.
    if {[get_property SLACK [get_timing_paths -delay_type min_max]] < 0} {
        error "timing is not met: see $out/timing.txt"
    }
    write_bitstream -force $out/$board.bit
    write_cfgmem -force -format mcs -interface SPIx4 -size 128 -loadbit "up 0x01002000 $out/$board.bit" -file $out/$board.mcs
}
