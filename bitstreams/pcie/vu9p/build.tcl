# Vivado, without a project file: vivado -mode batch -source build.tcl -tclargs CARD.v OUT
# CARD.v: `bitstreams/pcie/elaborate vu9p` writes it. Not run here.
if {$argc != 2} { error "usage: vivado -mode batch -source build.tcl -tclargs CARD.v OUT" }
lassign $argv card out
set card [file normalize $card]
set out [file normalize $out]
set folder [file dirname [file normalize [info script]]]
set shared [file join $folder .. xdma]
file mkdir $out
create_project -in_memory -part xcvu9p-fsgd2104-2L-e
set_property IP_OUTPUT_REPO $out/ip [current_project]
# Pins of the DDR4 come with the board files of the VCU1525 (github.com/Xilinx/XilinxBoardStore).
set_property BOARD_PART xilinx.com:vcu1525:part0:1.3 [current_project]
source [file join $shared ip.tcl]
make_bridge X1Y2 GTY_Quad_227
# 256 to 512 bits, from the card's clock to the controller's.
make_ip memory_width axi_dwidth_converter [list \
    CONFIG.ADDR_WIDTH 64 CONFIG.SI_ID_WIDTH 1 CONFIG.SI_DATA_WIDTH 256 CONFIG.MI_DATA_WIDTH 512 \
    CONFIG.FIFO_MODE 2 CONFIG.ACLK_ASYNC 1]
make_ip ddr4_memory ddr4 [list \
    CONFIG.C0_DDR4_BOARD_INTERFACE ddr4_sdram_c0 \
    CONFIG.C0_CLOCK_BOARD_INTERFACE default_300mhz_clk0 \
    CONFIG.C0.DDR4_AxiSelection true \
    CONFIG.C0.DDR4_AxiDataWidth 512 \
    CONFIG.C0.DDR4_AxiAddressWidth 34 \
    CONFIG.C0.DDR4_AxiIDWidth 1]
build vu9p $card $out
