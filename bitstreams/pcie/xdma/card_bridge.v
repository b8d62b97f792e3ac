// The card behind Xilinx's PCIe bridge (IP `xdma` as AXI Bridge, 256 bits at 250 MHz: Gen3 x8), common to the
// UltraScale+ cards. Not run on a board, not through Vivado.
//
// The card's clock is the bridge's. BAR0 is 128 KiB: the card's registers below 64 KiB, the MSI-X table (answered
// by the bridge itself) above. The card's reads and writes of host memory go to the bridge's slave with their
// addresses as they are: they are what the host's IOMMU maps.
module card_bridge #(
    parameter [39:0] CARD_MEM_BYTES = 0
) (
    input wire pcie_refclk_p,
    input wire pcie_refclk_n,
    input wire pcie_perst_n,
    input wire [7:0] pcie_rx_p,
    input wire [7:0] pcie_rx_n,
    output wire [7:0] pcie_tx_p,
    output wire [7:0] pcie_tx_n,

    output wire clock,
    output wire reset_n,
    output wire link_up,
    output wire busy,
    // Card memory cannot be used yet: the card is then one without.
    input wire memory_ready,

    output wire [63:0] c_araddr,
    output wire [7:0] c_arlen,
    output wire c_arvalid,
    input wire c_arready,
    input wire [255:0] c_rdata,
    input wire [1:0] c_rresp,
    input wire c_rlast,
    input wire c_rvalid,
    output wire c_rready,
    output wire [63:0] c_awaddr,
    output wire [7:0] c_awlen,
    output wire c_awvalid,
    input wire c_awready,
    output wire [255:0] c_wdata,
    output wire c_wlast,
    output wire c_wvalid,
    input wire c_wready,
    input wire [1:0] c_bresp,
    input wire c_bvalid,
    output wire c_bready
);
    wire refclk, refclk_gt;
    IBUFDS_GTE4 refclk_buffer (.CEB(1'b0), .I(pcie_refclk_p), .IB(pcie_refclk_n), .O(refclk_gt), .ODIV2(refclk));

    // Bridge to card: AXI4, 64-bit addresses, 256 bits; made AXI4-Lite of 32 bits.
    wire [63:0] m_awaddr, m_araddr;
    wire [7:0] m_awlen, m_arlen;
    wire [2:0] m_awsize, m_arsize, m_awprot, m_arprot;
    wire [1:0] m_awburst, m_arburst, m_bresp, m_rresp;
    wire [3:0] m_awid, m_arid, m_bid, m_rid, m_awcache, m_arcache;
    wire m_awlock, m_arlock;
    wire m_awvalid, m_awready, m_wlast, m_wvalid, m_wready, m_bvalid, m_bready, m_arvalid, m_arready, m_rlast, m_rvalid,
         m_rready;
    wire [255:0] m_wdata, m_rdata;
    wire [31:0] m_wstrb;

    wire [63:0] h_araddr, h_awaddr;
    wire [7:0] h_arlen, h_awlen;
    wire [255:0] h_rdata, h_wdata;
    wire [1:0] h_rresp, h_bresp;
    wire h_arvalid, h_arready, h_rlast, h_rvalid, h_rready, h_awvalid, h_awready, h_wlast, h_wvalid, h_wready, h_bvalid,
         h_bready;

    wire irq, irq_taken;
    // The bridge wants a request held until it is taken; one message for each rise of the card's interrupt.
    reg irq_before = 1'b0, irq_request = 1'b0;
    always @(posedge clock) begin
        irq_before <= irq && reset_n;
        irq_request <= reset_n && ((irq && !irq_before) || (irq_request && !irq_taken));
    end

    pcie_bridge bridge (
        .sys_clk(refclk),
        .sys_clk_gt(refclk_gt),
        .sys_rst_n(pcie_perst_n),
        .user_lnk_up(link_up),
        .pci_exp_rxp(pcie_rx_p),
        .pci_exp_rxn(pcie_rx_n),
        .pci_exp_txp(pcie_tx_p),
        .pci_exp_txn(pcie_tx_n),
        .axi_aclk(clock),
        .axi_aresetn(reset_n),
        .usr_irq_req(irq_request),
        .usr_irq_ack(irq_taken),
        .m_axib_awid(m_awid), .m_axib_awaddr(m_awaddr), .m_axib_awlen(m_awlen), .m_axib_awsize(m_awsize),
        .m_axib_awburst(m_awburst), .m_axib_awprot(m_awprot), .m_axib_awlock(m_awlock), .m_axib_awcache(m_awcache),
        .m_axib_awvalid(m_awvalid), .m_axib_awready(m_awready),
        .m_axib_wdata(m_wdata), .m_axib_wstrb(m_wstrb), .m_axib_wlast(m_wlast), .m_axib_wvalid(m_wvalid),
        .m_axib_wready(m_wready),
        .m_axib_bid(m_bid), .m_axib_bresp(m_bresp), .m_axib_bvalid(m_bvalid), .m_axib_bready(m_bready),
        .m_axib_arid(m_arid), .m_axib_araddr(m_araddr), .m_axib_arlen(m_arlen), .m_axib_arsize(m_arsize),
        .m_axib_arburst(m_arburst), .m_axib_arprot(m_arprot), .m_axib_arlock(m_arlock), .m_axib_arcache(m_arcache),
        .m_axib_arvalid(m_arvalid), .m_axib_arready(m_arready),
        .m_axib_rid(m_rid), .m_axib_rdata(m_rdata), .m_axib_rresp(m_rresp), .m_axib_rlast(m_rlast),
        .m_axib_rvalid(m_rvalid), .m_axib_rready(m_rready),
        .s_axib_awid(4'd0), .s_axib_awaddr(h_awaddr), .s_axib_awregion(4'd0), .s_axib_awlen(h_awlen),
        .s_axib_awsize(3'd5), .s_axib_awburst(2'b01), .s_axib_awvalid(h_awvalid), .s_axib_awready(h_awready),
        .s_axib_wdata(h_wdata), .s_axib_wstrb({32{1'b1}}), .s_axib_wlast(h_wlast), .s_axib_wvalid(h_wvalid),
        .s_axib_wready(h_wready),
        .s_axib_bid(), .s_axib_bresp(h_bresp), .s_axib_bvalid(h_bvalid), .s_axib_bready(h_bready),
        .s_axib_arid(4'd0), .s_axib_araddr(h_araddr), .s_axib_arregion(4'd0), .s_axib_arlen(h_arlen),
        .s_axib_arsize(3'd5), .s_axib_arburst(2'b01), .s_axib_arvalid(h_arvalid), .s_axib_arready(h_arready),
        .s_axib_rid(), .s_axib_rdata(h_rdata), .s_axib_rresp(h_rresp), .s_axib_rlast(h_rlast), .s_axib_rvalid(h_rvalid),
        .s_axib_rready(h_rready)
    );

    // 256 to 32 bits (IP axi_dwidth_converter), then AXI4 to AXI4-Lite (IP axi_protocol_converter).
    wire [63:0] n_awaddr, n_araddr;
    wire [7:0] n_awlen, n_arlen;
    wire [2:0] n_awsize, n_arsize, n_awprot, n_arprot;
    wire [1:0] n_awburst, n_arburst, n_bresp, n_rresp;
    wire [3:0] n_awcache, n_arcache, n_awqos, n_arqos, n_awregion, n_arregion;
    wire [0:0] n_awlock, n_arlock;
    wire n_awvalid, n_awready, n_wlast, n_wvalid, n_wready, n_bvalid, n_bready, n_arvalid, n_arready, n_rlast, n_rvalid,
         n_rready;
    wire [31:0] n_wdata, n_rdata;
    wire [3:0] n_wstrb;

    register_width width (
        .s_axi_aclk(clock), .s_axi_aresetn(reset_n),
        .s_axi_awid(m_awid), .s_axi_awaddr(m_awaddr), .s_axi_awlen(m_awlen), .s_axi_awsize(m_awsize),
        .s_axi_awburst(m_awburst), .s_axi_awlock(m_awlock), .s_axi_awcache(m_awcache), .s_axi_awprot(m_awprot),
        .s_axi_awregion(4'd0), .s_axi_awqos(4'd0), .s_axi_awvalid(m_awvalid), .s_axi_awready(m_awready),
        .s_axi_wdata(m_wdata), .s_axi_wstrb(m_wstrb), .s_axi_wlast(m_wlast), .s_axi_wvalid(m_wvalid),
        .s_axi_wready(m_wready),
        .s_axi_bid(m_bid), .s_axi_bresp(m_bresp), .s_axi_bvalid(m_bvalid), .s_axi_bready(m_bready),
        .s_axi_arid(m_arid), .s_axi_araddr(m_araddr), .s_axi_arlen(m_arlen), .s_axi_arsize(m_arsize),
        .s_axi_arburst(m_arburst), .s_axi_arlock(m_arlock), .s_axi_arcache(m_arcache), .s_axi_arprot(m_arprot),
        .s_axi_arregion(4'd0), .s_axi_arqos(4'd0), .s_axi_arvalid(m_arvalid), .s_axi_arready(m_arready),
        .s_axi_rid(m_rid), .s_axi_rdata(m_rdata), .s_axi_rresp(m_rresp), .s_axi_rlast(m_rlast), .s_axi_rvalid(m_rvalid),
        .s_axi_rready(m_rready),
        .m_axi_awaddr(n_awaddr), .m_axi_awlen(n_awlen), .m_axi_awsize(n_awsize), .m_axi_awburst(n_awburst),
        .m_axi_awlock(n_awlock), .m_axi_awcache(n_awcache), .m_axi_awprot(n_awprot), .m_axi_awregion(n_awregion),
        .m_axi_awqos(n_awqos), .m_axi_awvalid(n_awvalid), .m_axi_awready(n_awready),
        .m_axi_wdata(n_wdata), .m_axi_wstrb(n_wstrb), .m_axi_wlast(n_wlast), .m_axi_wvalid(n_wvalid),
        .m_axi_wready(n_wready),
        .m_axi_bresp(n_bresp), .m_axi_bvalid(n_bvalid), .m_axi_bready(n_bready),
        .m_axi_araddr(n_araddr), .m_axi_arlen(n_arlen), .m_axi_arsize(n_arsize), .m_axi_arburst(n_arburst),
        .m_axi_arlock(n_arlock), .m_axi_arcache(n_arcache), .m_axi_arprot(n_arprot), .m_axi_arregion(n_arregion),
        .m_axi_arqos(n_arqos), .m_axi_arvalid(n_arvalid), .m_axi_arready(n_arready),
        .m_axi_rdata(n_rdata), .m_axi_rresp(n_rresp), .m_axi_rlast(n_rlast), .m_axi_rvalid(n_rvalid),
        .m_axi_rready(n_rready)
    );

    wire [63:0] s_awaddr, s_araddr;
    wire [31:0] s_wdata, s_rdata;
    wire [3:0] s_wstrb;
    wire [1:0] s_bresp, s_rresp;
    wire s_awvalid, s_awready, s_wvalid, s_wready, s_bvalid, s_bready, s_arvalid, s_arready, s_rvalid, s_rready;

    register_protocol protocol (
        .aclk(clock), .aresetn(reset_n),
        .s_axi_awaddr(n_awaddr), .s_axi_awlen(n_awlen), .s_axi_awsize(n_awsize), .s_axi_awburst(n_awburst),
        .s_axi_awlock(n_awlock), .s_axi_awcache(n_awcache), .s_axi_awprot(n_awprot), .s_axi_awregion(n_awregion),
        .s_axi_awqos(n_awqos), .s_axi_awvalid(n_awvalid), .s_axi_awready(n_awready),
        .s_axi_wdata(n_wdata), .s_axi_wstrb(n_wstrb), .s_axi_wlast(n_wlast), .s_axi_wvalid(n_wvalid),
        .s_axi_wready(n_wready),
        .s_axi_bresp(n_bresp), .s_axi_bvalid(n_bvalid), .s_axi_bready(n_bready),
        .s_axi_araddr(n_araddr), .s_axi_arlen(n_arlen), .s_axi_arsize(n_arsize), .s_axi_arburst(n_arburst),
        .s_axi_arlock(n_arlock), .s_axi_arcache(n_arcache), .s_axi_arprot(n_arprot), .s_axi_arregion(n_arregion),
        .s_axi_arqos(n_arqos), .s_axi_arvalid(n_arvalid), .s_axi_arready(n_arready),
        .s_axi_rdata(n_rdata), .s_axi_rresp(n_rresp), .s_axi_rlast(n_rlast), .s_axi_rvalid(n_rvalid),
        .s_axi_rready(n_rready),
        .m_axi_awaddr(s_awaddr), .m_axi_awprot(), .m_axi_awvalid(s_awvalid), .m_axi_awready(s_awready),
        .m_axi_wdata(s_wdata), .m_axi_wstrb(s_wstrb), .m_axi_wvalid(s_wvalid), .m_axi_wready(s_wready),
        .m_axi_bresp(s_bresp), .m_axi_bvalid(s_bvalid), .m_axi_bready(s_bready),
        .m_axi_araddr(s_araddr), .m_axi_arprot(), .m_axi_arvalid(s_arvalid), .m_axi_arready(s_arready),
        .m_axi_rdata(s_rdata), .m_axi_rresp(s_rresp), .m_axi_rvalid(s_rvalid), .m_axi_rready(s_rready)
    );

    gristmill_card card (
        .clock(clock),
        .reset(!reset_n),
        .clock_hz(32'd250000000),
        .card_mem_bytes(memory_ready ? CARD_MEM_BYTES : 40'd0),
        .s_awaddr(s_awaddr[15:0]), .s_awvalid(s_awvalid), .s_awready(s_awready),
        .s_wdata(s_wdata), .s_wstrb(s_wstrb), .s_wvalid(s_wvalid), .s_wready(s_wready),
        .s_bresp(s_bresp), .s_bvalid(s_bvalid), .s_bready(s_bready),
        .s_araddr(s_araddr[15:0]), .s_arvalid(s_arvalid), .s_arready(s_arready),
        .s_rdata(s_rdata), .s_rresp(s_rresp), .s_rvalid(s_rvalid), .s_rready(s_rready),
        .h_araddr(h_araddr), .h_arlen(h_arlen), .h_arvalid(h_arvalid), .h_arready(h_arready),
        .h_rdata(h_rdata), .h_rresp(h_rresp), .h_rlast(h_rlast), .h_rvalid(h_rvalid), .h_rready(h_rready),
        .h_awaddr(h_awaddr), .h_awlen(h_awlen), .h_awvalid(h_awvalid), .h_awready(h_awready),
        .h_wdata(h_wdata), .h_wlast(h_wlast), .h_wvalid(h_wvalid), .h_wready(h_wready),
        .h_bresp(h_bresp), .h_bvalid(h_bvalid), .h_bready(h_bready),
        .c_araddr(c_araddr), .c_arlen(c_arlen), .c_arvalid(c_arvalid), .c_arready(c_arready),
        .c_rdata(c_rdata), .c_rresp(c_rresp), .c_rlast(c_rlast), .c_rvalid(c_rvalid), .c_rready(c_rready),
        .c_awaddr(c_awaddr), .c_awlen(c_awlen), .c_awvalid(c_awvalid), .c_awready(c_awready),
        .c_wdata(c_wdata), .c_wlast(c_wlast), .c_wvalid(c_wvalid), .c_wready(c_wready),
        .c_bresp(c_bresp), .c_bvalid(c_bvalid), .c_bready(c_bready),
        .irq(irq),
        .busy(busy)
    );
endmodule
