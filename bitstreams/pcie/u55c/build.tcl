# Vivado, without a project file: vivado -mode batch -source build.tcl -tclargs CARD.v OUT
# CARD.v: `bitstreams/pcie/elaborate u55c` writes it. Not run here.
if {$argc != 2} { error "usage: vivado -mode batch -source build.tcl -tclargs CARD.v OUT" }
lassign $argv card out
set card [file normalize $card]
set out [file normalize $out]
set folder [file dirname [file normalize [info script]]]
set shared [file join $folder .. xdma]
file mkdir $out
create_project -in_memory -part xcu55c-fsvh2892-2L-e
set_property IP_OUTPUT_REPO $out/ip [current_project]

source [file join $shared ip.tcl]
make_bridge PCIE4C_X1Y0 GTY_Quad_227
# Both stacks, one port of 256 bits that reaches them both through the HBM's own switch.
set hbm [list CONFIG.USER_HBM_DENSITY 16GB CONFIG.USER_HBM_STACK 2 CONFIG.USER_SWITCH_ENABLE_00 TRUE \
    CONFIG.USER_SWITCH_ENABLE_01 TRUE CONFIG.USER_APB_EN false CONFIG.USER_HBM_REF_CLK_0 100 \
    CONFIG.USER_HBM_REF_CLK_1 100 CONFIG.USER_APB_PCLK_0 100 CONFIG.USER_APB_PCLK_1 100]
for {set port 1} {$port < 32} {incr port} {
    lappend hbm CONFIG.USER_SAXI_[format %02d $port] false
}
make_ip hbm_memory hbm $hbm
build u55c $card $out
